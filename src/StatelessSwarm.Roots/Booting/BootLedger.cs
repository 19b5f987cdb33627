using System.Globalization;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Roots.Booting;

/// <summary>
/// Boot tries per release, below the state directory: <c>ledger/DIGEST+LEFT-DONE</c>, an empty file, while a release is on
/// trial, <c>ledger/DIGEST</c> once it is blessed (the naming of the Boot Loader Specification's boot counting). Every change is
/// one rename, made durable before it returns: a try is taken before the machine is handed over, so a boot that ends in a
/// panic, a hang or a power cut has been counted.
/// </summary>
/// <remarks>
/// The count belongs to the digest, never to a slot: a release fetched anew starts with all its tries, an old failure never
/// hits a new release. Of several entries for one release (a cut between two renames cannot leave them, a person can) the
/// blessed one counts, then the one with fewest tries left. All changes happen under the state directory's lock.
/// </remarks>
public sealed class BootLedger
{
    /// <summary>Most tries a release can be given.</summary>
    public const int MaxTries = 100;

    private readonly ReleaseStore _store;
    private readonly string _directory;

    private BootLedger(ReleaseStore store)
    {
        _store = store;
        _directory = store.Layout.Ledger;
    }

    /// <summary>Opens (makes) the ledger of a state directory.</summary>
    /// <exception cref="IOException">The directory cannot be made.</exception>
    public static BootLedger Open(ReleaseStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        var ledger = new BootLedger(store);
        if (!Directory.Exists(ledger._directory))
        {
            store.Files.CreateDirectory(ledger._directory);
            store.Files.SyncDirectory(store.StateDirectory);
        }
        return ledger;
    }

    /// <summary>What is known of a release; null when it never booted.</summary>
    /// <exception cref="IOException">The directory cannot be read.</exception>
    public BootTries? Read(Sha256Digest release) =>
        Entries().Where(entry => entry.Release == release).Select(entry => entry.Tries).OrderBy(Rank).FirstOrDefault();

    /// <summary>Takes a try: the release boots now. A blessed one is not counted.</summary>
    /// <param name="release">Which one.</param>
    /// <param name="tries">Boots that a new release gets, 1 to <see cref="MaxTries"/>.</param>
    /// <returns>What is left after this one.</returns>
    /// <exception cref="IOException">Nothing was counted.</exception>
    public BootTries Take(Sha256Digest release, int tries)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tries, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tries, MaxTries);
        using (_store.TakeLock())
        {
            var known = Read(release);
            if (known is { IsGood: true })
                return known;
            var before = known ?? new BootTries(tries, 0, false);
            var after = new BootTries(Math.Max(0, before.Left - 1), Math.Min(before.Done + 1, MaxTries), false);
            Replace(release, known, after);
            return after;
        }
    }

    /// <summary>The release booted and is healthy.</summary>
    /// <exception cref="IOException">Nothing changed.</exception>
    public void Bless(Sha256Digest release)
    {
        using (_store.TakeLock())
        {
            if (Read(release) is not { IsGood: true } known)
                Replace(release, Read(release), BootTries.Good);
            else
                Replace(release, known, known);
        }
    }

    /// <summary>Forgets a release: it gets all its tries again.</summary>
    /// <exception cref="IOException">It is known still.</exception>
    public void Forget(Sha256Digest release)
    {
        using (_store.TakeLock())
        {
            RemoveAll(entry => entry.Release == release);
        }
    }

    /// <summary>Forgets every release that is not in the store any more.</summary>
    /// <exception cref="IOException">Some are known still.</exception>
    public void ForgetMissing()
    {
        using (_store.TakeLock())
        {
            RemoveAll(entry => !Directory.Exists(_store.Layout.ReleaseOf(entry.Release)));
        }
    }

    private void Replace(Sha256Digest release, BootTries? before, BootTries after)
    {
        var target = Path.Combine(_directory, NameOf(release, after));
        if (before is null)
            _store.Files.WriteFile(target, []);
        else if (before != after)
            _store.Files.Rename(Path.Combine(_directory, NameOf(release, before)), target);
        _store.Files.SyncDirectory(_directory);
        if (Entries().Any(entry => entry.Release == release && entry.Tries != after))
            RemoveAll(entry => entry.Release == release && entry.Tries != after);
    }

    private void RemoveAll(Func<(Sha256Digest Release, BootTries Tries), bool> isUnwanted)
    {
        var unwanted = Entries().Where(isUnwanted).ToList();
        foreach (var (release, tries) in unwanted)
            _store.Files.Remove(Path.Combine(_directory, NameOf(release, tries)));
        if (unwanted.Count > 0)
            _store.Files.SyncDirectory(_directory);
    }

    private IEnumerable<(Sha256Digest Release, BootTries Tries)> Entries()
    {
        foreach (var path in Directory.EnumerateFiles(_directory))
        {
            if (TryParse(Path.GetFileName(path), out var release, out var tries))
                yield return (release, tries);
        }
    }

    private static int Rank(BootTries tries) => tries.IsGood ? -1 : tries.Left;

    internal static string NameOf(Sha256Digest release, BootTries tries) =>
        tries.IsGood ? release.ToString() : string.Create(CultureInfo.InvariantCulture, $"{release}+{tries.Left}-{tries.Done}");

    internal static bool TryParse(string name, out Sha256Digest release, out BootTries tries)
    {
        tries = BootTries.Good;
        var plus = name.IndexOf('+', StringComparison.Ordinal);
        if (!Sha256Digest.TryParseHex(plus < 0 ? name : name.AsSpan(0, plus), out release))
            return false;
        if (plus >= 0)
        {
            if (
                name[(plus + 1)..].Split('-') is not [var left, var done]
                || !TryCount(left, out var leftCount)
                || !TryCount(done, out var doneCount)
            )
                return false;
            tries = new BootTries(leftCount, doneCount, false);
        }
        return NameOf(release, tries) == name;
    }

    private static bool TryCount(string text, out int count) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count <= MaxTries;
}

using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Roots.Storage;

/// <summary>Where things are below a state directory. All paths are absolute.</summary>
internal sealed class StateLayout(string stateDirectory)
{
    /// <summary>First characters of a directory in staging that waits to be deleted.</summary>
    internal const string TrashPrefix = ".trash-";

    /// <summary>Name of the directory of incomplete releases.</summary>
    internal const string StagingName = "staging";

    /// <summary>The state directory.</summary>
    internal string State { get; } = Path.GetFullPath(stateDirectory);

    /// <summary>Complete releases, by digest.</summary>
    internal string Releases => Path.Combine(State, "releases");

    /// <summary>Incomplete releases, by digest, and what waits to be deleted.</summary>
    internal string Staging => Path.Combine(State, StagingName);

    /// <summary>The slots' links.</summary>
    internal string Roots => Path.Combine(State, "roots");

    /// <summary>Pins, by digest.</summary>
    internal string Pins => Path.Combine(State, "pins");

    /// <summary>Boot tries, by digest.</summary>
    internal string Ledger => Path.Combine(State, "ledger");

    /// <summary>Held while names change.</summary>
    internal string LockFile => Path.Combine(State, "lock");

    /// <summary>Directory of a complete release.</summary>
    internal string ReleaseOf(Sha256Digest digest) => Path.Combine(Releases, digest.ToString());

    /// <summary>Directory of an incomplete release.</summary>
    internal string StagingOf(Sha256Digest digest) => Path.Combine(Staging, digest.ToString());

    /// <summary>The pin of a release.</summary>
    internal string PinOf(Sha256Digest digest) => Path.Combine(Pins, digest.ToString());

    /// <summary>Where a release waits to be deleted.</summary>
    internal string TrashOf(Sha256Digest digest) => Path.Combine(Staging, TrashPrefix + digest);

    /// <summary>Digests that name a directory in <paramref name="parent"/>, ascending; other names are not ours.</summary>
    internal static IReadOnlyList<Sha256Digest> DigestsIn(string parent)
    {
        var digests = new List<Sha256Digest>();
        foreach (var directory in Directory.EnumerateDirectories(parent))
        {
            var name = Path.GetFileName(directory);
            if (Sha256Digest.TryParseHex(name, out var digest) && digest.ToString() == name)
                digests.Add(digest);
        }
        digests.Sort();
        return digests;
    }
}

using StatelessSwarm.Content.Values;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Storage;

namespace StatelessSwarm.Roots.Slots;

/// <summary>
/// The links <c>roots/{current,next,previous}</c> below the state directory, each changed only by renaming a new link over
/// it. Between any two system calls <c>current</c> is the old or the new release, never missing once set. An interrupted
/// change is finished or harmless when the slots are opened again.
/// </summary>
/// <remarks>
/// <para>A change, all of it under the state directory's lock:</para>
/// <code>
/// 1  symlink .SLOT.new          for every slot that gets a release: what can run out of room does so here
/// 2  symlink .change            the state after the change
/// 3  fsync roots/               from here on the change will be finished, by us or by whoever opens next
/// 4  rename .previous.new, .current.new, .next.new over their slots, or remove the slot
/// 5  fsync roots/
/// 6  remove .change
/// 7  fsync roots/
/// </code>
/// <para>A cut may keep any subset of the names changed since the last fsync. Without <c>.change</c> the slots are untouched;
/// with it, step 4 is done again from the record. Releases it names were durable before step 1.</para>
/// </remarks>
public sealed partial class RootSlots
{
    internal const string Current = "current";
    internal const string Next = "next";
    internal const string Previous = "previous";
    internal const string Pending = ".change";

    private readonly ReleaseStore _store;
    private readonly string _directory;
    private readonly IStateFileSystem _files;

    private RootSlots(ReleaseStore store)
    {
        _store = store;
        _directory = store.Layout.Roots;
        _files = store.Files;
    }

    /// <summary>Opens the slots and finishes what an interrupted activation left.</summary>
    /// <exception cref="IOException">A link is not one of ours, another process holds the lock for more than 10 seconds, or
    /// the file system failed; names the path.</exception>
    public static RootSlots Open(ReleaseStore store)
    {
        var slots = new RootSlots(store);
        using (store.TakeLock())
            slots.Settle();
        return slots;
    }

    /// <summary>What the links say now.</summary>
    /// <exception cref="IOException">A slot is not a link to a release; names it.</exception>
    public SlotState Read() => ReadLinks(_directory);

    /// <summary>Makes a complete release <c>next</c>. Offering the current release empties <c>next</c>.</summary>
    /// <exception cref="InvalidOperationException">The release is not in the store, complete.</exception>
    /// <exception cref="IOException">The slots are as they were, or the change is finished by the next one.</exception>
    public void SetNext(StoredRelease release)
    {
        ArgumentNullException.ThrowIfNull(release);
        using (_store.TakeLock())
        {
            var before = Settle();
            Require(release.Digest, Next);
            // Another process may have been killed between renaming it into place and making that durable.
            _files.SyncDirectory(_store.Layout.Releases);
            Change(before, SlotChange.Offer(before, release.Digest));
        }
    }

    /// <summary>previous := current, current := next, next := nothing, in that order, fsynced.</summary>
    /// <returns>The new current.</returns>
    /// <exception cref="InvalidOperationException">Nothing is next.</exception>
    /// <exception cref="IOException">The slots are as they were, or the change is finished by the next one.</exception>
    public StoredRelease Activate()
    {
        using (_store.TakeLock())
        {
            var before = Settle();
            var after =
                SlotChange.Activate(before) ?? throw new InvalidOperationException($"{_directory}: nothing is next");
            var release = Require(after.Current!.Value, Next);
            Change(before, WithoutMissingPrevious(after));
            return release;
        }
    }

    /// <summary>Exchanges current and previous.</summary>
    /// <returns>The new current.</returns>
    /// <exception cref="InvalidOperationException">There is no previous.</exception>
    /// <exception cref="IOException">The slots are as they were, or the change is finished by the next one.</exception>
    public StoredRelease RollBack()
    {
        using (_store.TakeLock())
        {
            var before = Settle();
            var after =
                SlotChange.RollBack(before) ?? throw new InvalidOperationException($"{_directory}: there is no previous");
            var release = Require(after.Current!.Value, Previous);
            Change(before, WithoutMissingPrevious(after));
            return release;
        }
    }

    /// <summary>The links of a directory, without a store.</summary>
    internal static SlotState ReadLinks(string directory) =>
        new(ReadSlot(directory, Current), ReadSlot(directory, Next), ReadSlot(directory, Previous));

    /// <summary>The state a change under way will end in, or null.</summary>
    internal static SlotState? ReadPending(string directory)
    {
        var path = Path.Combine(directory, Pending);
        return SymbolicLink.Read(path) is { } text
            ? SlotRecord.TryRead(text)
                ?? throw new IOException($"{path}: '{Shown(text)}' is no slot record; expected 1:CURRENT:NEXT:PREVIOUS")
            : null;
    }

    /// <summary>Finishes a change under way, removes what one that never began left; returns the state to start from.</summary>
    private SlotState Settle()
    {
        if (ReadPending(_directory) is { } after)
        {
            // A record can outlive its release only when somebody restored an old state directory: then it is void.
            if (after.Current is { } current && _store.Find(current) is null)
                Forget();
            else
                Finish(after);
        }
        foreach (var slot in (ReadOnlySpan<string>)[Previous, Current, Next])
        {
            if (SymbolicLink.Read(TemporaryOf(slot)) is not null)
                _files.Remove(TemporaryOf(slot));
        }
        return Read();
    }

    private void Change(SlotState before, SlotState after)
    {
        if (before == after)
            return;
        try
        {
            Prepare(Previous, before.Previous, after.Previous);
            Prepare(Current, before.Current, after.Current);
            Prepare(Next, before.Next, after.Next);
            _files.CreateLink(SlotRecord.Write(after), Path.Combine(_directory, Pending));
            _files.SyncDirectory(_directory);
        }
        catch (IOException)
        {
            TryForget();
            throw;
        }
        Finish(after);
    }

    private void Prepare(string slot, Sha256Digest? before, Sha256Digest? after)
    {
        if (after is { } release && before != after)
            _files.CreateLink(SlotRecord.LinkTo(release), TemporaryOf(slot));
    }

    private void Finish(SlotState after)
    {
        Move(Previous, after.Previous);
        Move(Current, after.Current);
        Move(Next, after.Next);
        _files.SyncDirectory(_directory);
        _files.Remove(Path.Combine(_directory, Pending));
        _files.SyncDirectory(_directory);
    }

    private void Move(string slot, Sha256Digest? after)
    {
        var path = Path.Combine(_directory, slot);
        if (ReadSlot(_directory, slot) == after)
            return;
        if (after is not { } release)
        {
            _files.Remove(path);
            return;
        }
        var temporary = TemporaryOf(slot);
        if (SymbolicLink.Read(temporary) != SlotRecord.LinkTo(release))
        {
            _files.Remove(temporary);
            _files.CreateLink(SlotRecord.LinkTo(release), temporary);
        }
        _files.Rename(temporary, path);
    }

    private void Forget()
    {
        _files.Remove(Path.Combine(_directory, Pending));
        foreach (var slot in (ReadOnlySpan<string>)[Previous, Current, Next])
            _files.Remove(TemporaryOf(slot));
        _files.SyncDirectory(_directory);
    }

    private void TryForget()
    {
        try
        {
            Forget();
        }
        catch (IOException)
        {
            // The first failure is the one to tell; a record that could not be removed is finished by the next change.
        }
    }

    private StoredRelease Require(Sha256Digest release, string slot) =>
        _store.Find(release)
        ?? throw new InvalidOperationException(
            $"{_store.Layout.ReleaseOf(release)}: cannot be {slot}, not a complete release{Reason(release)}"
        );

    private string Reason(Sha256Digest release) => _store.FindProblem(release) is { } problem ? $" ({problem})" : "";

    // A current that was deleted behind our back is no place to go back to.
    private SlotState WithoutMissingPrevious(SlotState after) =>
        after.Previous is { } previous && _store.Find(previous) is null ? after with { Previous = null } : after;

    private string TemporaryOf(string slot) => Path.Combine(_directory, $".{slot}.new");

    private static Sha256Digest? ReadSlot(string directory, string slot)
    {
        var path = Path.Combine(directory, slot);
        if (SymbolicLink.Read(path) is not { } text)
            return null;
        return SlotRecord.TryReadLink(text, out var release)
            ? release
            : throw new IOException($"{path}: links to '{Shown(text)}', expected ../releases/DIGEST");
    }

    private static string Shown(string text) => text.Length <= 100 ? text : text[..100] + "...";
}

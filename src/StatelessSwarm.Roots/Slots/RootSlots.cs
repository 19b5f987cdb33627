using StatelessSwarm.Content.Values;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Roots.Slots;

/// <summary>
/// The links <c>roots/{current,next,previous}</c> below the state directory, each changed only by renaming a new link over
/// it. Between any two system calls <c>current</c> is the old or the new release, never missing once set. An interrupted
/// change is finished or harmless when the slots are opened again.
/// </summary>
public sealed partial class RootSlots
{
    /// <summary>Opens the slots and finishes what an interrupted activation left.</summary>
    public static RootSlots Open(ReleaseStore store) => throw new NotImplementedException();

    /// <summary>What the links say now.</summary>
    public SlotState Read() => throw new NotImplementedException();

    /// <summary>Makes a complete release <c>next</c>.</summary>
    public void SetNext(StoredRelease release) => throw new NotImplementedException();

    /// <summary>previous := current, current := next, next := nothing, in that order, fsynced.</summary>
    /// <returns>The new current.</returns>
    /// <exception cref="InvalidOperationException">Nothing is next.</exception>
    public StoredRelease Activate() => throw new NotImplementedException();

    /// <summary>Exchanges current and previous.</summary>
    /// <returns>The new current.</returns>
    /// <exception cref="InvalidOperationException">There is no previous.</exception>
    public StoredRelease RollBack() => throw new NotImplementedException();
}

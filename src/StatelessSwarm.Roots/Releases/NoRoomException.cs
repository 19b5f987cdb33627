namespace StatelessSwarm.Roots.Releases;

/// <summary>There is not enough room for a release.</summary>
public sealed class NoRoomException(string directory, long neededBytes, long availableBytes)
    : IOException($"{directory}: {neededBytes} bytes needed, {availableBytes} available")
{
    /// <summary>Bytes needed.</summary>
    public long NeededBytes { get; } = neededBytes;

    /// <summary>Bytes available.</summary>
    public long AvailableBytes { get; } = availableBytes;
}

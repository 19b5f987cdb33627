namespace StatelessSwarm.Node.Status;

/// <summary>Payload bytes by where they came from.</summary>
/// <param name="Disk">Were on this machine already.</param>
/// <param name="Lan">From neighbours.</param>
/// <param name="Wan">From peers beyond the WAN link, the seed among them.</param>
/// <param name="Http">From web servers.</param>
public sealed record SourceBytes(long Disk, long Lan, long Wan, long Http)
{
    /// <summary>None.</summary>
    public static SourceBytes None { get; } = new(0, 0, 0, 0);
}

namespace StatelessSwarm.Sim.Scenarios;

/// <summary>The content.</summary>
internal sealed record Image
{
    /// <summary>Bytes.</summary>
    public long Bytes { get; init; } = 64L << 20;

    /// <summary>Bytes of a piece: a power of two, at least <see cref="Grain"/> x 16 KiB.</summary>
    public int PieceBytes { get; init; } = 256 << 10;

    /// <summary>
    /// A simulated block stands for this many of 16 KiB: a power of two, default 1. The engine sees a torrent of one grain-th of the bytes with as
    /// many pieces; the network carries all of them. See docs/simulator.md for what gets coarser.
    /// </summary>
    public int Grain { get; init; } = 1;

    /// <summary>A v1-only torrent: pieces are checked by the shell.</summary>
    public bool IsV1 { get; init; }
}

using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.WebSeeds;

/// <summary>
/// Blocks that follow each other in the piece space and are fetched together, in order. Which of them are still wanted is the
/// <see cref="RangeQueue"/>'s to say.
/// </summary>
internal sealed class RangeRun(BlockRange[] blocks, long start) : IDisposable
{
    private readonly CancellationTokenSource _abandoned = new();

    /// <summary>The blocks.</summary>
    public IReadOnlyList<BlockRange> Blocks => blocks;

    /// <summary>First byte in the piece space.</summary>
    public long Start => start;

    /// <summary>Byte after the last in the piece space.</summary>
    public long End { get; } = start + blocks.Sum(block => (long)block.Length);

    /// <summary>By block: neither delivered nor taken back. Guarded by the queue.</summary>
    public bool[] IsWanted { get; } = [.. blocks.Select(_ => true)];

    /// <summary>Blocks that are wanted. Guarded by the queue.</summary>
    public int Wanted { get; set; } = blocks.Length;

    /// <summary>Blocks delivered. Guarded by the queue.</summary>
    public int Delivered { get; set; }

    /// <summary>Cancelled when nothing of it is wanted any more.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    /// <summary>Nothing of it is wanted any more. Whoever fetches it hears of it on a thread of its own.</summary>
    public void Abandon() => _ = _abandoned.CancelAsync();

    /// <inheritdoc/>
    public void Dispose() => _abandoned.Dispose();
}

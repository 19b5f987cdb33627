using StatelessSwarm.Seed.Status;
using StatelessSwarm.Swarm.Limits;

namespace StatelessSwarm.Seed.Files;

/// <summary>A file being sent; counts the bytes read from it.</summary>
internal sealed class ServedFile : FileStream
{
    private readonly SeedCounters _counters;
    private readonly ByteBudget? _origin;

    /// <summary>Opens for reading without a lock and without a buffer of its own: the sender brings one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="counters">Counts the bytes.</param>
    /// <param name="origin">What is read is sent: waits for its turn in this budget; null for no limit.</param>
    public ServedFile(string path, SeedCounters counters, ByteBudget? origin)
        : base(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
                Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
            }
        )
    {
        _counters = counters;
        _origin = origin;
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // No more than a turn's worth at a time: whoever else sends gets the next.
        if (_origin?.Turn is > 0 and var turn && turn < buffer.Length)
            buffer = buffer[..turn];
        var count = await base.ReadAsync(buffer, cancellationToken);
        if (_origin is not null && count > 0)
            await _origin.TakeAsync(count, cancellationToken);
        _counters.FileBytes(count);
        return count;
    }
}

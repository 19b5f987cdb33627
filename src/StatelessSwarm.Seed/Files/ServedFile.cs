using StatelessSwarm.Seed.Status;

namespace StatelessSwarm.Seed.Files;

/// <summary>A file being sent; counts the bytes read from it.</summary>
internal sealed class ServedFile : FileStream
{
    private readonly SeedCounters _counters;

    /// <summary>Opens for reading without a lock and without a buffer of its own: the sender brings one.</summary>
    public ServedFile(string path, SeedCounters counters)
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
        ) => _counters = counters;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await base.ReadAsync(buffer, cancellationToken);
        _counters.FileBytes(count);
        return count;
    }
}

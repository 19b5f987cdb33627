using System.Buffers;
using MessagePack;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Content;
using StatelessSwarm.Node.Activation;
using StatelessSwarm.Node.Control;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Status;

namespace StatelessSwarm.Node.Updating;

/// <summary>
/// What past updates took: the newest 32, in the file <c>updates.mp</c> of the state directory (a MessagePack array of
/// records). Told to people and scripts, never decided by: a file that cannot be read is begun anew.
/// </summary>
internal sealed class UpdateRecords
{
    private const int MaxBytes = 64 * 1024;

    private readonly string _path;
    private volatile IReadOnlyList<UpdateRecord> _all;

    private UpdateRecords(string path, IReadOnlyList<UpdateRecord> all)
    {
        _path = path;
        _all = all;
    }

    /// <summary>The records, the newest last.</summary>
    public IReadOnlyList<UpdateRecord> All => _all;

    /// <summary>Reads the records of a state directory.</summary>
    public static UpdateRecords Open(string stateDirectory, ILogger logger)
    {
        var path = Path.Combine(stateDirectory, "updates.mp");
        try
        {
            if (StateFiles.Read(path, MaxBytes) is { } bytes)
            {
                return new UpdateRecords(
                    path,
                    Pack.Decode(bytes, path, static (ref MessagePackReader reader) => StatusPack.ReadUpdates(ref reader))
                );
            }
        }
        catch (Exception fault) when (fault is ContentException or IOException)
        {
            NodeLog.RecordsLost(logger, path, fault.Message);
        }
        return new UpdateRecords(path, []);
    }

    /// <summary>Adds a record; the oldest goes when there are too many.</summary>
    /// <exception cref="IOException">It could not be written; it is remembered all the same.</exception>
    public void Add(UpdateRecord record)
    {
        IReadOnlyList<UpdateRecord> all = [.. _all.TakeLast(StatusPack.MaxUpdates - 1), record];
        _all = all;
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        StatusPack.WriteUpdates(ref writer, all);
        writer.Flush();
        StateFiles.Replace(_path, buffer.WrittenSpan);
    }
}

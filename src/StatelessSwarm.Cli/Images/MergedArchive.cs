using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Archives;

namespace StatelessSwarm.Cli.Images;

/// <summary>Archives put one over the other, and written as one tar stream in one order: equal trees give equal bytes.</summary>
internal sealed class MergedArchive : IAsyncDisposable
{
    private const int BufferSize = 1 << 20;

    private readonly FileTree _tree = new();
    private readonly List<Stream> _archives = [];
    private byte[] _buffer = [];

    /// <summary>Names in the tree, the root not among them.</summary>
    public int Count => _tree.Count;

    /// <summary>What the root directory is.</summary>
    public TarEntry Root => _tree.Walk().First().Entry;

    /// <summary>POSIX ACLs in the tree.</summary>
    public int AccessLists => _tree.Walk().Sum(static file => file.Entry.AccessLists.Count);

    /// <summary>A stream that others lie in: closed with this.</summary>
    public void Own(Stream stream) => _archives.Add(stream);

    /// <summary>Puts an archive over what is there. It is closed with this.</summary>
    /// <exception cref="CommandException">It is broken; names <paramref name="name"/>.</exception>
    public void Add(string name, Stream archive, bool isLayer, CancellationToken cancellation)
    {
        _archives.Add(archive);
        try
        {
            _tree.Apply(_archives.Count - 1, new TarReader(archive), isLayer, cancellation);
        }
        catch (ContentException fault)
        {
            throw new CommandException(ExitCode.Failed, $"{name}: {fault.Message}");
        }
    }

    /// <summary>Writes the tree.</summary>
    public async Task WriteAsync(Stream output, CancellationToken cancellation)
    {
        _buffer = new byte[BufferSize];
        await using var buffered = new BufferedStream(output, BufferSize);
        var writer = new TarWriter(buffered);
        foreach (var (entry, archive) in _tree.Walk())
        {
            cancellation.ThrowIfCancellationRequested();
            writer.Begin(entry);
            if (entry.Kind == TarEntryKind.File)
                CopyData(entry, _archives[archive], writer);
            writer.End();
        }
        writer.Finish();
        await buffered.FlushAsync(cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var archive in _archives)
            await archive.DisposeAsync();
    }

    private void CopyData(TarEntry entry, Stream archive, TarWriter writer)
    {
        // The stretches of a sparse file lie one after the other.
        archive.Position = entry.DataOffset;
        for (var left = entry.Stretches?.Sum(static stretch => stretch.Length) ?? entry.Length; left > 0;)
        {
            var part = _buffer.AsSpan(0, (int)Math.Min(left, _buffer.Length));
            archive.ReadExactly(part);
            writer.Write(part);
            left -= part.Length;
        }
    }
}

using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Tools;

namespace StatelessSwarm.Cli.Images;

/// <summary>
/// Files that are read in any order, decompressed where they must be by gzip, zstd, xz and bzip2, see <see cref="Decompressor"/>. What is decompressed lies in nameless files of one directory, which are gone with the process.
/// </summary>
/// <param name="directory">Where there is room, existing.</param>
/// <param name="tools">Finds the programs.</param>
internal sealed class ArchiveSpool(string directory, ToolLocator tools)
{
    private const int BufferSize = 1 << 20;

    /// <summary>The content of a stream: itself if it is not compressed and can be read at any place.</summary>
    /// <exception cref="CommandException">A program is missing, or the stream is broken; names <paramref name="name"/>.</exception>
    public async Task<Stream> OpenAsync(string name, Stream stream, CancellationToken cancellation)
    {
        var head = new byte[Decompressor.HeadLength];
        var count = await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellation);
        stream.Position -= count;
        if (Decompressor.For(head.AsSpan(0, count)) is not { } decompressor)
            return stream;
        var spool = Create();
        try
        {
            await using (stream)
                await decompressor.RunAsync(stream, spool, tools, cancellation);
            spool.Position = 0;
            return spool;
        }
        catch (CommandException fault)
        {
            await spool.DisposeAsync();
            throw new CommandException(fault.Code, $"{name}: {fault.Message}");
        }
        catch
        {
            await spool.DisposeAsync();
            throw;
        }
    }

    /// <summary>A nameless file, empty.</summary>
    public FileStream Create()
    {
        var path = Path.Combine(directory, $".{Guid.NewGuid():N}.spool");
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, BufferSize, FileOptions.Asynchronous);
        File.Delete(path);
        return file;
    }
}

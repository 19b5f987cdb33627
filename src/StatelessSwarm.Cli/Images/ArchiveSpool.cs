using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Tools;

namespace StatelessSwarm.Cli.Images;

/// <summary>
/// Files that are read in any order, decompressed where they must be by gzip, zstd, xz and bzip2, told apart by their first bytes. (.NET's gzip
/// takes a stream that ends early for a whole one.) What is decompressed lies in nameless files of one directory, which are gone with the process.
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
        var head = new byte[6];
        var count = await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellation);
        stream.Position -= count;
        var (program, package) = ProgramFor(head.AsSpan(0, count));
        if (program.Length == 0)
            return stream;
        var spool = Create();
        try
        {
            await using (stream)
                await DecompressAsync(name, stream, program, package, spool, cancellation);
            spool.Position = 0;
            return spool;
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

    private async Task DecompressAsync(string name, Stream stream, string program, string package, FileStream spool, CancellationToken cancellation)
    {
        try
        {
            await new ToolRun
            {
                Program = tools.Find(program, package),
                Arguments = ["--decompress", "--stdout"],
                Input = (input, token) => stream.CopyToAsync(input, BufferSize, token),
                Output = spool,
            }.RunAsync(cancellation);
        }
        catch (CommandException fault)
        {
            throw new CommandException(fault.Code, $"{name}: {fault.Message}");
        }
    }

    private static (string Program, string Package) ProgramFor(ReadOnlySpan<byte> head) =>
        head.StartsWith<byte>([0x1f, 0x8b]) ? ("gzip", "gzip")
        : head.StartsWith<byte>([0x28, 0xb5, 0x2f, 0xfd]) ? ("zstd", "zstd")
        : head.StartsWith<byte>([0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]) ? ("xz", "xz-utils")
        : head.StartsWith("BZh"u8) ? ("bzip2", "bzip2")
        : ("", "");
}

namespace StatelessSwarm.Cli.Tools;

/// <summary>Decompresses by the programs that made a stream, told apart by its first bytes. (.NET's gzip takes a stream that ends early for a whole one.)</summary>
/// <param name="program">Program.</param>
/// <param name="debianPackage">Where it is.</param>
internal sealed class Decompressor(string program, string debianPackage)
{
    /// <summary>Bytes of a stream that say how it is compressed.</summary>
    public const int HeadLength = 6;

    /// <summary>The one for a stream that begins so; null when it is not compressed.</summary>
    public static Decompressor? For(ReadOnlySpan<byte> head) =>
        head.StartsWith<byte>([0x1f, 0x8b]) ? new("gzip", "gzip")
        : head.StartsWith<byte>([0x28, 0xb5, 0x2f, 0xfd]) ? new("zstd", "zstd")
        : head.StartsWith<byte>([0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]) ? new("xz", "xz-utils")
        : head.StartsWith("BZh"u8) ? new("bzip2", "bzip2")
        : null;

    /// <summary>Decompresses all of a stream.</summary>
    /// <exception cref="Exits.CommandException">The program is missing, or the stream is broken.</exception>
    public Task RunAsync(Stream packed, Stream plain, ToolLocator tools, CancellationToken cancellation) =>
        new ToolRun
        {
            Program = tools.Find(program, debianPackage),
            Arguments = ["--decompress", "--stdout"],
            Input = packed.CopyToAsync,
            Output = plain,
        }.RunAsync(cancellation);
}

using System.IO.Compression;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Tools;

namespace StatelessSwarm.Cli.Images;

/// <summary>A tar archive as the source of an image.</summary>
internal static class TarArchive
{
    /// <summary>
    /// Unpacks with GNU tar, which tells the compression by itself. As root: owners by number, device nodes and all extended attributes.
    /// </summary>
    public static Task UnpackAsync(string archive, string directory, ToolLocator tools, CancellationToken cancellation) =>
        new ToolRun
        {
            Program = tools.Find("tar", "tar"),
            Arguments =
            [
                "--extract", "--file", archive, "--directory", directory, "--numeric-owner", "--same-owner",
                "--same-permissions", "--xattrs", "--xattrs-include=*", "--delay-directory-restore", "--force-local",
            ],
        }.RunAsync(cancellation);

    /// <summary>The archive's tar stream, for archives that are not compressed or are compressed by gzip.</summary>
    /// <exception cref="CommandException">Compressed by anything else.</exception>
    public static Stream OpenStream(string archive)
    {
        var file = new FileStream(archive, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        try
        {
            Span<byte> head = stackalloc byte[6];
            var count = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            file.Position = 0;
            if (count >= 2 && head[..2].SequenceEqual<byte>([0x1f, 0x8b]))
                return new GZipStream(file, CompressionMode.Decompress);
            var other =
                head.StartsWith<byte>([0x28, 0xb5, 0x2f, 0xfd]) ? "zstd"
                : head.StartsWith<byte>([0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z']) ? "xz"
                : head.StartsWith("BZh"u8) ? "bzip2"
                : null;
            if (other is not null)
                throw new CommandException(
                    ExitCode.Failed,
                    $"{archive}: compressed by {other}; without root only plain and gzip archives are read: decompress it first"
                );
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}

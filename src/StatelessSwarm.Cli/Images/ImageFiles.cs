using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Tools;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Archives;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Cli.Images;

/// <summary>
/// The names in an image and what they are, read through GNU tar: as root from a mount, without root from a copy that is unpacked meanwhile
/// (owners are the caller's then, in both images that are compared).
/// </summary>
/// <param name="tools">Finds programs.</param>
/// <param name="isRoot">May mount.</param>
internal sealed class ImageFiles(ToolLocator tools, bool isRoot)
{
    private const int BufferSize = 1 << 18;

    /// <summary>Reads an image. Names are bytes, see <see cref="TarEntry"/>.</summary>
    public async Task<Dictionary<string, ImageFile>> ReadAsync(string image, CancellationToken cancellation)
    {
        var format = ImageFormats.Of(image);
        var directory = Directory.CreateTempSubdirectory("stateless-image-");
        try
        {
            if (isRoot)
                return await ReadAsync(image, output => MountedImage.Run(Path.GetFullPath(image), format, directory.FullName, tools, output, TarArchive.PackCommand(directory.FullName, tools)), cancellation);
            var unpacked = Path.Combine(directory.FullName, "tree");
            await ImageExtractCommand.RunOf(format, Path.GetFullPath(image), unpacked, directory.FullName, tools).RunAsync(cancellation);
            return await ReadAsync(image, output => TarArchive.PackRun(unpacked, output, tools), cancellation);
        }
        finally
        {
            await UnpackedTree.RemoveAsync(directory.FullName, tools);
        }
    }

    private static async Task<Dictionary<string, ImageFile>> ReadAsync(string image, Func<Stream, ToolRun> packing, CancellationToken cancellation)
    {
        var pipe = new Pipe();
        var reading = Task.Run(
            () =>
            {
                try
                {
                    return ReadEntries(pipe.Reader.AsStream());
                }
                finally
                {
                    // What is written after the last entry, or after a fault, is for nobody.
                    pipe.Reader.Complete();
                }
            },
            cancellation
        );
        try
        {
            await Task.WhenAll(PackAsync(packing, pipe.Writer, cancellation), reading);
            return await reading;
        }
        catch (ContentException fault)
        {
            throw new CommandException(ExitCode.Failed, $"{image}: {fault.Message}");
        }
    }

    private static async Task PackAsync(Func<Stream, ToolRun> packing, PipeWriter writer, CancellationToken cancellation)
    {
        await using var output = writer.AsStream();
        await packing(output).RunAsync(cancellation);
    }

    private static Dictionary<string, ImageFile> ReadEntries(Stream archive)
    {
        var files = new Dictionary<string, ImageFile>(StringComparer.Ordinal);
        var reader = new TarReader(archive);
        var buffer = new byte[BufferSize];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (reader.Next() is { } entry)
        {
            if (entry.Kind == TarEntryKind.HardLink)
            {
                files[entry.Path] = files.GetValueOrDefault(entry.LinkTarget);
                continue;
            }
            var target = entry.LinkTarget;
            var content = default(Sha256Digest);
            if (entry.Kind == TarEntryKind.File)
            {
                int count;
                while ((count = reader.Read(buffer)) > 0)
                    hash.AppendData(buffer, 0, count);
                content = new Sha256Digest(hash.GetHashAndReset());
                target = entry.Length.ToString(CultureInfo.InvariantCulture);
            }
            else if (entry.Kind is TarEntryKind.BlockDevice or TarEntryKind.CharacterDevice)
            {
                target = string.Create(CultureInfo.InvariantCulture, $"{entry.Major}:{entry.Minor}");
            }
            files[entry.Path] = new ImageFile(entry.Kind, entry.Mode, entry.Owner, entry.Group, content, target, HashOf(entry, hash));
        }
        return files;
    }

    private static Sha256Digest HashOf(TarEntry entry, IncrementalHash hash)
    {
        if (entry.Attributes.Count + entry.AccessLists.Count == 0)
            return default;
        foreach (var attribute in entry.Attributes.Concat(entry.AccessLists))
        {
            hash.AppendData(Encoding.Latin1.GetBytes(attribute.Name + "\0"));
            hash.AppendData(SHA256.HashData(attribute.Value.Span));
        }
        return new Sha256Digest(hash.GetHashAndReset());
    }
}

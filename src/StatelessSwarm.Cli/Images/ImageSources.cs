using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Images.Oci;
using StatelessSwarm.Cli.Tools;
using StatelessSwarm.Content;

namespace StatelessSwarm.Cli.Images;

/// <summary>Reads what an image is made from into one tree.</summary>
/// <param name="tools">Finds programs.</param>
/// <param name="directory">Where what is decompressed may lie meanwhile.</param>
internal sealed class ImageSources(ToolLocator tools, string directory)
{
    /// <summary>What a path names.</summary>
    /// <exception cref="CommandException">It is not there.</exception>
    public static ImageSourceKind KindOf(string source) =>
        File.Exists(Path.Combine(source, OciLayout.MarkName)) ? ImageSourceKind.OciDirectory
        : Directory.Exists(source) ? ImageSourceKind.Tree
        : !File.Exists(source) ? throw new CommandException(ExitCode.Nothing, $"{source}: no such directory or archive")
        : source.EndsWith(MmdebstrapRecipe.Suffix, StringComparison.Ordinal) ? ImageSourceKind.Recipe
        : ImageSourceKind.Archive;

    /// <summary>The tree, in memory; the data of its files stay where they are.</summary>
    public async Task<MergedArchive> ReadAsync(ImageRequest request, ImageSourceKind kind, CancellationToken cancellation)
    {
        var tree = new MergedArchive();
        try
        {
            await ReadAsync(tree, request, kind, cancellation);
            return tree.Count > 0 ? tree : throw new CommandException(ExitCode.Failed, $"{request.Source}: holds no file, expected a root file system");
        }
        catch
        {
            await tree.DisposeAsync();
            throw;
        }
    }

    private async Task ReadAsync(MergedArchive tree, ImageRequest request, ImageSourceKind kind, CancellationToken cancellation)
    {
        var spool = new ArchiveSpool(directory, tools);
        var name = request.Source;
        switch (kind)
        {
            case ImageSourceKind.OciDirectory:
                await ReadLayersAsync(tree, new OciLayout(name, new OciDirectory(name)), request, spool, cancellation);
                break;
            case ImageSourceKind.Archive:
                var archive = await spool.OpenAsync(name, Open(name), cancellation);
                tree.Own(archive);
                if (OciBlobsOf(name, archive) is { } blobs)
                    await ReadLayersAsync(tree, new OciLayout(name, blobs), request, spool, cancellation);
                else
                    AddFromStart(tree, name, archive, cancellation);
                break;
            default:
                var made = spool.Create();
                tree.Own(made);
                await (kind == ImageSourceKind.Recipe
                    ? MmdebstrapRecipe.Read(name).MakeAsync(made, request.TimeStamp, tools, cancellation)
                    : TarArchive.PackRun(name, made, tools).RunAsync(cancellation));
                AddFromStart(tree, name, made, cancellation);
                break;
        }
    }

    private static OciArchive? OciBlobsOf(string name, Stream archive)
    {
        try
        {
            return OciArchive.TryOpen(archive);
        }
        catch (ContentException fault)
        {
            throw new CommandException(ExitCode.Failed, $"{name}: {fault.Message}");
        }
    }

    private static void AddFromStart(MergedArchive tree, string name, Stream archive, CancellationToken cancellation)
    {
        archive.Position = 0;
        tree.Add(name, archive, isLayer: false, cancellation);
    }

    private static async Task ReadLayersAsync(MergedArchive tree, OciLayout layout, ImageRequest request, ArchiveSpool spool, CancellationToken cancellation)
    {
        foreach (var layer in layout.FindLayers(request.Reference, request.Platform))
            tree.Add($"{request.Source}: layer {layer.Digest}", await layout.OpenLayerAsync(layer, spool, cancellation), isLayer: true, cancellation);
    }

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
}

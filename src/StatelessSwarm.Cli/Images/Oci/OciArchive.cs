using StatelessSwarm.Content.Archives;

namespace StatelessSwarm.Cli.Images.Oci;

/// <summary>A layout in a tar archive, as <c>podman save --format oci-archive</c>, <c>skopeo copy ... oci-archive:</c> and <c>docker save</c> write it.</summary>
internal sealed class OciArchive : IOciBlobs
{
    // A layout has a handful of files; a root file system has more, and none of this name.
    private const int MaxEntries = 20_000;

    private readonly Stream _archive;
    private readonly Dictionary<string, (long Offset, long Length)> _files = new(StringComparer.Ordinal);

    private OciArchive(Stream archive) => _archive = archive;

    /// <summary>The layout in the archive; null if there is none.</summary>
    /// <exception cref="Content.ContentException">It is no tar archive.</exception>
    public static OciArchive? TryOpen(Stream archive)
    {
        var found = new OciArchive(archive);
        var reader = new TarReader(archive);
        for (var count = 0; count < MaxEntries && reader.Next() is { } entry; count++)
        {
            if (entry is { Kind: TarEntryKind.File, Stretches: null })
                found._files[entry.Path] = (entry.DataOffset, entry.Length);
        }
        return found._files.ContainsKey(OciLayout.MarkName) && found._files.ContainsKey(OciLayout.IndexName) ? found : null;
    }

    /// <inheritdoc/>
    public Stream? Open(string path) => _files.TryGetValue(path, out var place) ? new StreamPart(_archive, place.Offset, place.Length) : null;
}

namespace StatelessSwarm.Cli.Images.Oci;

/// <summary>A layout in a directory.</summary>
internal sealed class OciDirectory(string directory) : IOciBlobs
{
    /// <inheritdoc/>
    public Stream? Open(string path)
    {
        var full = Path.Combine(directory, path);
        return File.Exists(full) ? new FileStream(full, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan) : null;
    }
}

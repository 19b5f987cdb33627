namespace StatelessSwarm.Content.Torrents;

/// <summary>A file that goes into a torrent.</summary>
/// <param name="Path">Relative path in the torrent, segments joined by '/'.</param>
/// <param name="Content">Readable from its start; read once, to its end, not disposed.</param>
/// <param name="Length">Bytes that <paramref name="Content"/> holds.</param>
public sealed record TorrentBuildFile(string Path, Stream Content, long Length)
{
    /// <summary>Attribute <c>x</c> (BEP 47): the file is a program.</summary>
    public bool IsExecutable { get; init; }
}

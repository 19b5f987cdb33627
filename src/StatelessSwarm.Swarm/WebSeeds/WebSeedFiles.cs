using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Swarm.WebSeeds;

/// <summary>
/// Where a web seed (BEP 19) keeps the torrent's bytes. A URL that ends in '/' is a directory: the torrent's name follows, and in a
/// torrent of several files the file's path, each segment percent-encoded. Any other URL is the single file itself.
/// </summary>
internal sealed class WebSeedFiles
{
    private readonly TorrentInfo _info;
    private readonly string _base;
    private readonly int[] _files;
    private readonly long[] _starts;

    public WebSeedFiles(TorrentInfo info, Uri url)
    {
        _info = info;
        Url = url;
        _base = url.AbsoluteUri;
        // clients agree to take a forgotten '/' for granted where there must be a directory
        if (info.IsMultiFile && !_base.EndsWith('/'))
            _base += "/";
        _files = [.. Enumerable.Range(0, info.Files.Count).Where(file => info.Files[file].Length > 0)];
        _starts = Array.ConvertAll(_files, file => info.Files[file].Offset);
    }

    /// <summary>The web seed as it was named.</summary>
    public Uri Url { get; }

    /// <summary>Address of a file.</summary>
    public Uri UrlOf(int fileIndex)
    {
        if (!_base.EndsWith('/'))
            return Url;
        var url = _base + Uri.EscapeDataString(_info.Name);
        if (_info.IsMultiFile)
        {
            foreach (var segment in _info.Files[fileIndex].Path.Split('/'))
                url += "/" + Uri.EscapeDataString(segment);
        }
        return new Uri(url, UriKind.Absolute);
    }

    /// <summary>Bytes of a file.</summary>
    public long LengthOf(int fileIndex) => _info.Files[fileIndex].Length;

    /// <summary>The segment that begins at a position of the piece space and ends at <paramref name="end"/> at the latest.</summary>
    public FileSegment SegmentAt(long position, long end)
    {
        var at = Array.BinarySearch(_starts, position);
        var place = at >= 0 ? at : ~at - 1;
        if (place >= 0)
        {
            var file = _info.Files[_files[place]];
            var left = file.Offset + file.Length - position;
            if (left > 0)
                return new FileSegment(_files[place], position - file.Offset, Math.Min(left, end - position));
        }
        var next = place + 1 < _starts.Length ? _starts[place + 1] : end;
        return new FileSegment(-1, 0, Math.Min(next, end) - position);
    }
}

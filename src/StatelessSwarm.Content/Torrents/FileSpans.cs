namespace StatelessSwarm.Content.Torrents;

/// <summary>The files that a stretch of the piece space lies in, in order; for <c>foreach</c>, without allocation.</summary>
public ref struct FileSpans
{
    private readonly ReadOnlySpan<TorrentFile> _files;
    private readonly ReadOnlySpan<int> _contentFiles;
    private long _position;
    private int _remaining;
    private int _at;

    /// <param name="files">All files.</param>
    /// <param name="contentFiles">Indexes of those that have bytes.</param>
    /// <param name="at">Place in <paramref name="contentFiles"/> of the last one that begins at or before the position, or -1.</param>
    /// <param name="position">First byte in the piece space.</param>
    /// <param name="length">Bytes.</param>
    internal FileSpans(ReadOnlySpan<TorrentFile> files, ReadOnlySpan<int> contentFiles, int at, long position, int length)
    {
        _files = files;
        _contentFiles = contentFiles;
        _at = at;
        _position = position;
        _remaining = length;
    }

    /// <summary>The stretch at hand.</summary>
    public FileSpan Current { get; private set; }

    /// <summary>The enumerator: this.</summary>
    public readonly FileSpans GetEnumerator() => this;

    /// <summary>Goes to the next stretch.</summary>
    public bool MoveNext()
    {
        if (_remaining == 0)
            return false;
        if (_at + 1 < _contentFiles.Length && _files[_contentFiles[_at + 1]].Offset == _position)
            _at++;
        var offset = _at < 0 ? 0 : _position - _files[_contentFiles[_at]].Offset;
        var inFile = _at < 0 ? 0 : _files[_contentFiles[_at]].Length - offset;
        if (inFile > 0)
        {
            Current = new FileSpan(_contentFiles[_at], offset, (int)Math.Min(_remaining, inFile));
        }
        else
        {
            var next = _at + 1 < _contentFiles.Length ? _files[_contentFiles[_at + 1]].Offset : long.MaxValue;
            Current = new FileSpan(-1, 0, (int)Math.Min(_remaining, next - _position));
        }
        _position += Current.Length;
        _remaining -= Current.Length;
        return true;
    }
}

namespace StatelessSwarm.Trust.Repositories;

/// <summary>Bytes done, told on after every mebibyte.</summary>
internal sealed class ByteCount
{
    private const long StepBytes = 1024 * 1024;

    private readonly IProgress<long>? _progress;
    private long _done;
    private long _told;

    public ByteCount(IProgress<long>? progress) => _progress = progress;

    public void Add(long count)
    {
        _done += count;
        if (_done - _told < StepBytes)
            return;
        Tell();
    }

    /// <summary>Tells what is not told yet.</summary>
    public void Tell()
    {
        if (_told == _done)
            return;
        _told = _done;
        _progress?.Report(_done);
    }
}

namespace StatelessSwarm.Seed.Status;

/// <summary>What the server has done since it started. Thread safe; counts only go up.</summary>
internal sealed class SeedCounters
{
    private long _fileBytesSent;
    private long _fileRequests;
    private long _refusedRequests;
    private long _announcesAnswered;
    private long _announcesFailed;
    private long _announcesLimited;

    /// <summary>Bytes of repository files handed to clients over HTTP.</summary>
    public long FileBytesSent => Interlocked.Read(ref _fileBytesSent);

    /// <summary>Requests for repository files that found their file.</summary>
    public long FileRequests => Interlocked.Read(ref _fileRequests);

    /// <summary>Requests answered with a plain-text error.</summary>
    public long RefusedRequests => Interlocked.Read(ref _refusedRequests);

    /// <summary>Announces answered with peers.</summary>
    public long AnnouncesAnswered => Interlocked.Read(ref _announcesAnswered);

    /// <summary>Announces and scrapes answered with a failure reason.</summary>
    public long AnnouncesFailed => Interlocked.Read(ref _announcesFailed);

    /// <summary>Announces and scrapes refused for their rate.</summary>
    public long AnnouncesLimited => Interlocked.Read(ref _announcesLimited);

    /// <summary>Bytes of a file were read to be sent.</summary>
    public void FileBytes(long count) => Interlocked.Add(ref _fileBytesSent, count);

    /// <summary>A file is served.</summary>
    public void FileRequested() => Interlocked.Increment(ref _fileRequests);

    /// <summary>A request was answered with an error.</summary>
    public void RequestRefused() => Interlocked.Increment(ref _refusedRequests);

    /// <summary>An announce was answered.</summary>
    public void AnnounceAnswered() => Interlocked.Increment(ref _announcesAnswered);

    /// <summary>An announce or a scrape was wrong.</summary>
    public void AnnounceFailed() => Interlocked.Increment(ref _announcesFailed);

    /// <summary>An announce or a scrape came too soon.</summary>
    public void AnnounceLimited() => Interlocked.Increment(ref _announcesLimited);
}

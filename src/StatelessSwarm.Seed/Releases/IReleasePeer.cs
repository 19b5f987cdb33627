namespace StatelessSwarm.Seed.Releases;

/// <summary>The peer that holds every release from the start.</summary>
internal interface IReleasePeer : IAsyncDisposable
{
    /// <summary>TCP port it accepts peers on.</summary>
    int Port { get; }

    /// <summary>Starts to serve a release straight from the repository's files.</summary>
    /// <exception cref="IOException">A file cannot be opened; names it.</exception>
    /// <exception cref="InvalidOperationException">Another release has the same torrent.</exception>
    Task<IReleaseSession> SeedAsync(SeedRelease release, CancellationToken cancellation);
}

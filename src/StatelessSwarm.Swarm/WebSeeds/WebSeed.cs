using StatelessSwarm.Engine.Peers;

namespace StatelessSwarm.Swarm.WebSeeds;

/// <summary>A web seed of a torrent and how it stands with it. Guarded by the <see cref="WebSeedRoster"/>.</summary>
internal sealed class WebSeed(Uri url)
{
    /// <summary>Directory or file, see <see cref="WebSeedFiles"/>.</summary>
    public Uri Url => url;

    /// <summary>The connection, or null.</summary>
    public PeerHandle? Handle { get; set; }

    /// <summary>Far whatever its address is: it redirects there.</summary>
    public bool IsFar { get; set; }

    /// <summary>Being looked up, or connected.</summary>
    public bool IsInUse { get; set; }

    /// <summary>Never to be used again.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>Failures in a row.</summary>
    public int Failures { get; set; }

    /// <summary>Not to be used before this timestamp.</summary>
    public long RetryAt { get; set; }
}

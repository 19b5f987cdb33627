using StatelessSwarm.Interop.Tests.Aria2;
using StatelessSwarm.Interop.Tests.Libtorrent;
using StatelessSwarm.Interop.Tests.Rtorrent;
using StatelessSwarm.Interop.Tests.Transmission;

namespace StatelessSwarm.Interop.Tests.Clients;

/// <summary>The foreign programs by name.</summary>
internal static class PeerPrograms
{
    /// <summary>All of them; each takes v1-only torrents.</summary>
    public static IReadOnlyList<string> Names { get; } = ["aria2", "libtorrent", "rtorrent", "transmission"];

    /// <summary>Those that read hybrid torrents.</summary>
    public static IReadOnlyList<string> HybridNames { get; } = ["libtorrent", "rtorrent"];

    /// <summary>Starts one.</summary>
    public static PeerProgram Start(string name, PeerProgramOptions options) =>
        name switch
        {
            "aria2" => new Aria2Client(options),
            "libtorrent" => new LibtorrentClient(options),
            "rtorrent" => new RtorrentClient(options),
            "transmission" => new TransmissionClient(options),
            _ => throw new ArgumentException($"no such program: {name}", nameof(name)),
        };
}

using System.Net;
using StatelessSwarm.Testing.Networks;
using StatelessSwarm.Testing.Processes;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Interop.Tests.Clients;

/// <summary>How a program takes part in a torrent. Trackers are those in the torrent file.</summary>
internal sealed record PeerProgramOptions
{
    /// <summary>The torrent; its directory also holds everything the program writes.</summary>
    public required SampleTorrent Sample { get; init; }

    /// <summary>Subdirectory for it, unlike any other's.</summary>
    public required string Name { get; init; }

    /// <summary>It has the whole content from the start.</summary>
    public bool IsSeed { get; init; }

    /// <summary>It speaks to peers only under RC4 (MSE).</summary>
    public bool RequiresEncryption { get; init; }

    /// <summary>It speaks to peers in plaintext only; libtorrent heeds it.</summary>
    public bool RefusesEncryption { get; init; }

    /// <summary>Its identity in a closed swarm, or null; libtorrent heeds it.</summary>
    public string? IdentityDirectory { get; init; }

    /// <summary>Peers it connects to at once; libtorrent heeds it.</summary>
    public IReadOnlyList<IPEndPoint> Peers { get; init; } = [];

    /// <summary>Address and port it listens on; the default is a free port of the loopback.</summary>
    public IPEndPoint EndPoint { get; init; } = new(IPAddress.Loopback, FreePort.Take());

    /// <summary>Where it runs, or null for the machine's own network.</summary>
    public NetworkNamespace? Host { get; init; }

    /// <summary>What it writes beside the content: configuration, state.</summary>
    public string HomeDirectory => Path.Combine(Sample.Directory, Name);

    /// <summary>Where it keeps the content, laid out as its torrent says.</summary>
    public string ContentDirectory => Path.Combine(HomeDirectory, "content");

    /// <summary>The command line that starts a program where this one runs, and ends it should this process die.</summary>
    public IReadOnlyList<string> CommandFor(string program, params IEnumerable<string> arguments) =>
        [.. Host?.Enter ?? [], .. LineProcess.Guarded(program, arguments)];
}

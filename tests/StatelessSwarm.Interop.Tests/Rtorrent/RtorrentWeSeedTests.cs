using StatelessSwarm.Interop.Tests.Clients;

namespace StatelessSwarm.Interop.Tests.Rtorrent;

/// <summary>We seed and rtorrent downloads.</summary>
public sealed class RtorrentWeSeedTests : WeSeedTests
{
    private protected override PeerProgram Start(PeerProgramOptions options) => new RtorrentClient(options);
}

using StatelessSwarm.Interop.Tests.Clients;

namespace StatelessSwarm.Interop.Tests.Rtorrent;

/// <summary>rtorrent seeds and we download.</summary>
public sealed class RtorrentTheySeedTests : TheySeedTests
{
    private protected override PeerProgram Start(PeerProgramOptions options) => new RtorrentClient(options);
}

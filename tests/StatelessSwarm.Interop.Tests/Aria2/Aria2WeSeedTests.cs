using StatelessSwarm.Interop.Tests.Clients;

namespace StatelessSwarm.Interop.Tests.Aria2;

/// <summary>We seed and aria2 downloads.</summary>
public sealed class Aria2WeSeedTests : WeSeedTests
{
    private protected override PeerProgram Start(PeerProgramOptions options) => new Aria2Client(options);
}

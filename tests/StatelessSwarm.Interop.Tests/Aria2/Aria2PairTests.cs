using StatelessSwarm.Interop.Tests.Clients;

namespace StatelessSwarm.Interop.Tests.Aria2;

/// <summary>Whole transfers between us and aria2.</summary>
public sealed class Aria2PairTests : PairTests
{
    private protected override PeerProgram Start(PeerProgramOptions options) => new Aria2Client(options);
}

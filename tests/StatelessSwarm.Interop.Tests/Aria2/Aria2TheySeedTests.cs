using StatelessSwarm.Interop.Tests.Clients;

namespace StatelessSwarm.Interop.Tests.Aria2;

/// <summary>aria2 seeds and we download.</summary>
public sealed class Aria2TheySeedTests : TheySeedTests
{
    private protected override PeerProgram Start(PeerProgramOptions options) => new Aria2Client(options);
}

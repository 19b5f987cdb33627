using StatelessSwarm.Interop.Tests.Clients;

namespace StatelessSwarm.Interop.Tests.Transmission;

/// <summary>Transmission seeds and we download.</summary>
public sealed class TransmissionTheySeedTests : TheySeedTests
{
    private protected override PeerProgram Start(PeerProgramOptions options) => new TransmissionClient(options);
}

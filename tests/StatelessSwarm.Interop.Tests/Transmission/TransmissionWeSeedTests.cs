using StatelessSwarm.Interop.Tests.Clients;

namespace StatelessSwarm.Interop.Tests.Transmission;

/// <summary>We seed and Transmission downloads.</summary>
public sealed class TransmissionWeSeedTests : WeSeedTests
{
    private protected override PeerProgram Start(PeerProgramOptions options) => new TransmissionClient(options);
}

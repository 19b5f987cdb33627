using StatelessSwarm.Interop.Tests.Clients;

namespace StatelessSwarm.Interop.Tests.Transmission;

/// <summary>Whole transfers between us and Transmission.</summary>
public sealed class TransmissionPairTests : PairTests
{
    private protected override PeerProgram Start(PeerProgramOptions options) => new TransmissionClient(options);
}

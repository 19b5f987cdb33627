using StatelessSwarm.Interop.Tests.Clients;

namespace StatelessSwarm.Interop.Tests.Transmission;

/// <summary>Whole transfers between us and Transmission.</summary>
public sealed class TransmissionPairTests : ForeignPairTests
{
    private protected override ForeignClient Start(ForeignClientOptions options) => new TransmissionClient(options);
}

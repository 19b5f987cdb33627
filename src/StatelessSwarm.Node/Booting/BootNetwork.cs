namespace StatelessSwarm.Node.Booting;

/// <summary>What became of the network.</summary>
/// <param name="State">How far it came.</param>
/// <param name="Seed">Seed that DHCP named, or null.</param>
public sealed record BootNetwork(BootNetworkState State, Uri? Seed);

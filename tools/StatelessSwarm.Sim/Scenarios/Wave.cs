namespace StatelessSwarm.Sim.Scenarios;

/// <summary>A share of the nodes starts later.</summary>
/// <param name="AtSeconds">From when on.</param>
/// <param name="Share">Of all nodes.</param>
/// <param name="SpreadSeconds">Within how long.</param>
internal sealed record Wave(double AtSeconds, double Share, double SpreadSeconds);

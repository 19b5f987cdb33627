namespace StatelessSwarm.Sim.Scenarios;

/// <summary>One node starts at a time of its own, whatever spread and waves say.</summary>
/// <param name="Site">Its site, from 1.</param>
/// <param name="Node">Which of the site's nodes, from 1.</param>
/// <param name="AtSeconds">When, in virtual seconds.</param>
internal sealed record LateStart(int Site, int Node, double AtSeconds);

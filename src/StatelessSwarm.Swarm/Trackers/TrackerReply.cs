using System.Net;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>What a tracker answered.</summary>
/// <param name="Interval">Seconds it wants between announces, within <see cref="HttpTrackerClient"/>'s bounds.</param>
/// <param name="Peers">At most 200.</param>
internal sealed record TrackerReply(TimeSpan Interval, IReadOnlyList<IPEndPoint> Peers);

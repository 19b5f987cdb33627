using System.Net;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Seed.Tracking;

/// <summary>A peer as the tracker names it.</summary>
/// <param name="EndPoint">Where it accepts peers; never a v4-mapped v6 address.</param>
/// <param name="PeerId">Its id, or null for the seed's own peer.</param>
/// <param name="IsNear">It is taken for a member of the client's site.</param>
internal readonly record struct TrackedPeer(IPEndPoint EndPoint, PeerId? PeerId, bool IsNear = false);

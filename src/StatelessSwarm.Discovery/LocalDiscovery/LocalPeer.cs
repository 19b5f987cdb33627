using System.Net;

namespace StatelessSwarm.Discovery.LocalDiscovery;

/// <summary>A peer that said by multicast which swarm it takes part in. A hint: nothing of it is signed.</summary>
/// <param name="Swarm">One of the swarms we announce.</param>
/// <param name="EndPoint">The sender's address, with scope if it is link-local, and the TCP port it named.</param>
public readonly record struct LocalPeer(SwarmHash Swarm, IPEndPoint EndPoint);

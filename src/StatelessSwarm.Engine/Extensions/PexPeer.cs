using System.Net;

namespace StatelessSwarm.Engine.Extensions;

/// <summary>A peer in a PEX message.</summary>
/// <param name="EndPoint">Where it listens.</param>
/// <param name="Flags">What is said of it.</param>
internal readonly record struct PexPeer(IPEndPoint EndPoint, PexFlags Flags);

using System.Net.Sockets;

namespace StatelessSwarm.Discovery.Protocol;

/// <summary>One way to hear and be heard: an interface and an address family.</summary>
/// <param name="InterfaceIndex">The system's number of the interface.</param>
/// <param name="Family">IPv4 or IPv6.</param>
internal readonly record struct LinkKey(int InterfaceIndex, AddressFamily Family);

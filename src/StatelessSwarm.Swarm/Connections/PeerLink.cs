using System.Net.Sockets;
using StatelessSwarm.Swarm.Encryption;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>A connected socket after its handshake, and how to read it.</summary>
/// <param name="Socket">Owned by whoever holds the link.</param>
/// <param name="Cipher">Null for plaintext.</param>
/// <param name="Early">What came behind the handshake already, decrypted; at most <see cref="MseExchange.MaxEarly"/> bytes.</param>
internal readonly record struct PeerLink(Socket Socket, StreamCipher? Cipher = null, ReadOnlyMemory<byte> Early = default);

namespace StatelessSwarm.Engine.Limits;

/// <summary>What the kernel says of one TCP connection (<c>struct tcp_info</c> of linux/tcp.h).</summary>
/// <param name="Path">A number that stays the connection's own while it lives.</param>
/// <param name="SmoothedMicroseconds"><c>tcpi_rtt</c>: smoothed round trip of what we send, a new one counting an eighth.</param>
/// <param name="LeastMicroseconds"><c>tcpi_min_rtt</c>: least round trip of the last five minutes; 0 for unknown.</param>
/// <param name="Deliveries"><c>tcpi_delivered</c>: segments of ours that arrived, so far.</param>
/// <param name="IsIdle">Nothing to speak of came on it since the last look: it tells of a queue that others make.</param>
public readonly record struct PathSample(int Path, uint SmoothedMicroseconds, uint LeastMicroseconds, uint Deliveries, bool IsIdle = false);

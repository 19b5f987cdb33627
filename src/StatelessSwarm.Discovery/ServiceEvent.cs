namespace StatelessSwarm.Discovery;

/// <summary>A change of what is on the link.</summary>
public readonly record struct ServiceEvent(ServiceEventKind Kind, ServiceInstance Instance);

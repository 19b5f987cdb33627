namespace StatelessSwarm.Platform.Mounts;

/// <summary>A line of the mount table.</summary>
/// <param name="MountPoint">Absolute path.</param>
/// <param name="Type">File system type: <c>squashfs</c>.</param>
/// <param name="Source">Device or name given by the mounter: <c>/dev/loop3</c>.</param>
/// <param name="Options">Options of the file system, comma separated, as the kernel prints them.</param>
/// <param name="IsReadOnly">The mount or its file system is read-only.</param>
public sealed record MountEntry(string MountPoint, string Type, string Source, string Options, bool IsReadOnly);

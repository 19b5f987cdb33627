"""Virtual machines that boot from the product's initramfs."""
